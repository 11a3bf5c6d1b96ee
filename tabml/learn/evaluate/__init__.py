"""From predictions to the numbers and curves of a report."""
