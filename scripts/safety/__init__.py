"""How the safety heads are trained and judged. Needs the extra [safety]; the robot does not."""
