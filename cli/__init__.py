"""The ``namgraph`` command.

    main        build the parser, parse, run the verb
    arguments   parser class and option groups that verbs share
    console     streams, exit codes, lines on stdout and stderr
    signals     handlers of SIGINT, SIGTERM and SIGHUP
    progress    progress line on a terminal
    render, batch, info, bench, devices, warm; demo/, live/, nodes/, plot/, verify/  one verb each
    files/, preset/, models/  verbs for bundles and moved files, for presets, for .nam files made
    describe    describe a file, for ``info``; a preset: describe_preset
    benchmarks/ measurements of ``bench``, of a rack and by suite

``__main__.py`` of the package starts it, with Ctrl-C handled before anything is imported.
"""
