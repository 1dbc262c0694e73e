"""``python -m robot_voice`` is ``robot-voice``."""

import sys

from robot_voice.cli import main

sys.exit(main())
