"""Messages nobody typed: broadcasts, journeys, triggers, segments."""
