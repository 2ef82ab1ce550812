# A NixOS-shaped flake without nixpkgs: its toplevel has what NixOS' has and a deployer reads, and is built by /bin/sh
# of the guest in a second or two.  ./version is what differs from one generation to the next.
{
  outputs = { self }:
    let
      version = builtins.replaceStrings [ "\n" ] [ "" ] (builtins.readFile ./version);
      run = name: script: derivation {
        inherit name;
        system = "x86_64-linux";
        builder = "/bin/sh";
        args = [ "-c" ("export PATH=/usr/bin:/bin\nset -e\numask 022\n" + script) ];
      };
      # Made from /boot when the image is built, and kept by the generations' references from then on.
      kernel = run "linux-lab" ''
        mkdir -p $out/lib/modules/$(readlink /boot/vmlinuz | sed s/vmlinuz-//)
        cp /boot/vmlinuz $out/bzImage
      '';
      initrd = name: run name "mkdir -p $out; cp /boot/${name}.img $out/initrd";
      flavours = {
        initramfs = { initrd = initrd "initrd"; params = [ ]; };
        systemd = {
          initrd = initrd "initrd-systemd";
          params = [ "rd.neednet=1" "rd.luks.name=6c616200-0000-4000-8000-00006c756b73=cryptroot" ];
        };
      };
      common = [ "root=/dev/mapper/cryptroot" "ip=dhcp" "console=ttyS0,115200" "mitigations=off" ];

      system = { flavour ? flavours.initramfs, before ? "", params ? [ ], init ? ./init, activate ? "", switch ? ./switch-to-configuration }:
        let
          kernelParams = common ++ flavour.params ++ params;
          bootspec = builtins.toJSON {
            "org.nixos.bootspec.v1" = {
              inherit kernelParams;
              system = "x86_64-linux";
              kernel = "${kernel}/bzImage";
              initrd = "${flavour.initrd}/initrd";
              init = "@out@/init";
              toplevel = "@out@";
              label = "NixOS lab ${version}";
            };
            "org.nixos.specialisation.v1" = { };
          };
        in
        {
          config.system.build.toplevel = run "nixos-system-lab-${version}" ''
            ${before}
            mkdir -p $out/bin $out/sw/bin
            install() { sed "s|@out@|$out|g" $1 > $out/$2; chmod 755 $out/$2; }
            install ${init} init
            install ${./activate} activate
            install ${switch} bin/switch-to-configuration
            cat >> $out/activate << 'EOF'
            ${activate}
            EOF
            sed "s|@out@|$out|g" > $out/boot.json << 'EOF'
            ${bootspec}
            EOF
            ln -s ${kernel}/bzImage $out/kernel
            ln -s ${kernel} $out/kernel-modules
            ln -s ${flavour.initrd}/initrd $out/initrd
            printf %s '${version}' > $out/nixos-version
            printf %s x86_64-linux > $out/system
            printf %s '${builtins.concatStringsSep " " kernelParams}' > $out/kernel-params
            printf '#!/bin/sh\necho "%s (lab)"\n' '${version}' > $out/sw/bin/nixos-version
            chmod 755 $out/sw/bin/nixos-version
          '';
        };
    in
    {
      nixosConfigurations = {
        lab = system { };
        lab-systemd = system { flavour = flavours.systemd; };
        next = system { activate = "# the generation after: another closure, and no other difference"; };
        slow = system { before = "i=0; while [ $i -lt 30 ]; do echo \"building step $i of 30\"; sleep 1; i=$((i+1)); done"; };

        # Ways to fail before anything is changed,
        broken = system { before = "sh ${./compile-fails}"; };
        evalerror = throw "lab evaluation failure, as asked";
        # while it is installed,
        badswitch = system { switch = ./switch-fails; };
        # and only once it is booted: no stage 1 (a shell on the console, before its network), no stage 3 after a good
        # unlock, a unit that fails, and no session for alice.
        noboot = system { params = [ "break=top" ]; };
        nostage3 = system { init = ./init-hangs; };
        badunit = system { activate = ". ${./fail-unit}"; };
        nosession = system { activate = "mkdir -p /run/systemd/system; ln -sf /dev/null /run/systemd/system/user@1000.service"; };
      };
    };
}
