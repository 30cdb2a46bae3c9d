"""What is asked of whole classes or of a program, once its functions are analysed."""
