"""The work of the smaller operator commands, one module for each subject; see app/__main__.py."""
