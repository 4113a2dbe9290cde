throw new NotSupportedException("No scenario is written yet.");
