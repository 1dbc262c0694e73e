"""The commands of the command line. Their modules import what they need when they run, so that
``--help`` stays quick: at the top only typer and what is light."""
