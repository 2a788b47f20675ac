{
  check(release, given, defaults, allowUnknown, about):: given,
}
