//! Clients that nobody here wrote, whatever their library of TLS is. Never: one that
//! breaks the rules.

use crate::support::server;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

#[test]
fn clients_that_nobody_here_wrote_are_served() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let server = server(&["--data", data.to_str().unwrap()]);
    let (port, authority) = (server.address().port().to_string(), data.join("authority.pem"));
    let python = "import socket, ssl, sys\n\
        context = ssl.create_default_context(cafile=sys.argv[2])\n\
        tcp = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n\
        tls = context.wrap_socket(tcp, server_hostname='localhost')\n\
        tls.sendall(b'py\\n')\n\
        print(tls.version(), tls.makefile().readline())\n";
    let authority = authority.to_str().unwrap();
    let node = "const [port, ca] = process.argv.slice(1);\n\
        const options = {host: '127.0.0.1', servername: 'localhost', port,\n\
          ca: require('fs').readFileSync(ca), ALPNProtocols: ['lanline/1']};\n\
        const tls = require('tls').connect(options, () => tls.write('joe\\n'));\n\
        tls.on('data', (data) => process.stdout.write(\n\
          [tls.authorized, tls.getProtocol(), tls.alpnProtocol, data].join(' ')));\n";
    let address = format!("127.0.0.1:{port}");
    let (url, by_name) = (format!("localhost:{port}"), format!("localhost:{port}:127.0.0.1"));
    for (program, arguments, words) in [
        (
            "openssl",
            &[
                "s_client",
                "-quiet",
                "-verify_return_error",
                "-CAfile",
                authority,
                "-verify_hostname",
                "localhost",
                "-connect",
                &address,
            ][..],
            "ann\n",
        ),
        ("python3", &["-c", python, &port, authority], ""),
        ("node", &["-e", node, &port, authority], ""),
        // Gopher says one line and reads to the end: all that is to be said here.
        (
            "curl",
            &[
                "-sN",
                "--cacert",
                authority,
                "--resolve",
                &by_name,
                &format!("gophers://{url}/_carl"),
            ],
            "",
        ),
    ] {
        let command = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = command else {
            println!("not run: {program} isn't here");
            continue;
        };
        child.stdin.as_mut().unwrap().write_all(words.as_bytes()).unwrap();
        let mut line = Vec::new();
        let mut output = child.stdout.take().unwrap();
        while !line.ends_with(b"\n") {
            let mut byte = [0];
            assert_eq!(output.read(&mut byte).unwrap(), 1, "{program} ended");
            line.push(byte[0]);
        }
        assert!(String::from_utf8_lossy(&line).contains("/welcome"), "{program}: {line:?}");
        let _ = child.kill();
        let _ = child.wait();
    }
}
