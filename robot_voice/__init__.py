"""The on-device voice assistant of a humanoid robot. See ARCHITECTURE.md for the map."""

import os

__version__ = "0.1.0"

# --- before any of the libraries is loaded -------------------------------------

# What is said to the robot never leaves it, and neither does word that it runs: ONNX Runtime
# reports its use over the network (since 1.31) unless told not to.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# Threads that wait must sleep, not spin: several engines share a few cores, and a spinning one
# takes them from the others. Measured on two cores: transcribing 2 s of speech takes 28-51 ms with
# OpenBLAS's own thread pool, 5-8 ms without. The libraries read these once, when they are loaded,
# so this must come before numpy. What the owner has set stays.
for _name, _value in (
    ("OPENBLAS_NUM_THREADS", "1"),
    ("OMP_WAIT_POLICY", "PASSIVE"),
    ("GOMP_SPINCOUNT", "300"),
):
    os.environ.setdefault(_name, _value)
