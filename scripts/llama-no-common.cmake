# llama.cpp without its command-line common library: Cabin uses the library only
set(LLAMA_BUILD_COMMON OFF)
