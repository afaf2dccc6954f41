"""The watcher: files that are dropped are judged, answered once and archived once, whatever ends the process."""
