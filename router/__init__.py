"""The law and the faces: decides, remembers, serves, is operated."""
