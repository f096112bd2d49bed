"""The page: the picture and chosen controls in a browser, a phone's for one."""
