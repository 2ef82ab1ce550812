/**
 * Where programs are on NixOS and elsewhere, for a shell that SSH started without a login. The wrappers come first:
 * the sudo in NixOS' sw/bin has no set-user-id bit.
 */
export const REMOTE_PATH =
  'PATH=/run/wrappers/bin:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH\n';
