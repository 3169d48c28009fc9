"""One good plugin, and one for every check of PluginKit that fails exactly that check."""
