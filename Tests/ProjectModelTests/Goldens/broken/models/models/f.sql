{{ exceptions.raise_compiler_error('f needs a start') }}
