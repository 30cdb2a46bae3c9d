// Macros that the linter does not see: they declare a variable, or compare.
#pragma once

#define ASSERT_OK_AND_ASSIGN(declaration, value) declaration = (value)
#define ASSIGN_OR_RETURN(declaration, value) \
    declaration = (value);                   \
    (void)0
#define EXPECT_NE(one, other) static_cast<void>((one) != (other))
