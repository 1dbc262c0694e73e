"""What code answers better than a model: the clock, the calendar, sums, timers and alarms.

``recognise`` finds out what is asked for, ``state`` and ``answers`` what follows and what is said;
``board`` keeps the timers, and ``talk`` puts it together for a conversation. ``tasks`` and
``suggestions`` are for what the model does, told by code how.
"""
