"""A stack is deleted: what it holds is emptied, and what AWS frees late is waited for."""
