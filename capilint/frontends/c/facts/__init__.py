"""What a C file says outside of function bodies: macros, constants, declarations."""
