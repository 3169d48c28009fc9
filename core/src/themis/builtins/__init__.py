"""The components that come with Themis, as an ordinary plugin.

They reach the registry through `themis.builtins.hooks`, by the same hooks as anyone's. Nothing here
is imported until a plan selects it.
"""
