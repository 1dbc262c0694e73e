"""What the robot was asked to remember, and really forgets.

``commands`` hears the requests, ``hashing`` and ``gguf`` turn texts into vectors, ``store`` keeps
both on the disk, ``recall`` chooses what the model is shown, and ``talk`` answers the requests.
``elsewhere`` forgets what else is kept of people's words.
"""
