"""The equations of a cycle: Newton's method by multiple shooting, and derivative forms."""
