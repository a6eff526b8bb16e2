//! As much of HTTP/1.1 as a scraper needs: one request, one answer. Pure: bytes
//! in, bytes out.

use crate::limits::METRICS_REQUEST_BYTES_MAX;

const HEADERS_MAX: usize = 64;
/// OpenMetrics 1.0, section "Protocol Negotiation".
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// The answer to what was read so far, or none while more has to come. `page`
/// makes what is at `/metrics`. `is_end`: nothing more comes. A request's body is
/// ignored.
pub(super) fn answer(bytes: &[u8], is_end: bool, page: impl FnOnce() -> String) -> Option<Vec<u8>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(bytes);
    if parsed.is_ok_and(|status| status.is_partial())
        && !is_end
        && bytes.len() <= METRICS_REQUEST_BYTES_MAX
    {
        return None;
    }
    let is_whole = parsed.is_ok_and(|status| status.is_complete());
    let (method, target) = match (request.method, request.path) {
        (Some(method), Some(target)) if is_whole => (method, target),
        _ => return Some(response("400 Bad Request", PLAIN, "That is no request.\n", true)),
    };
    let with_body = method != "HEAD";
    if method != "GET" && method != "HEAD" {
        let status = "405 Method Not Allowed\r\nAllow: GET, HEAD";
        return Some(response(status, PLAIN, "GET or HEAD only.\n", true));
    }
    Some(match path(target) {
        "/metrics" => response("200 OK", OPENMETRICS, &page(), with_body),
        "/" => response("200 OK", PLAIN, "See /metrics.\n", with_body),
        _ => response("404 Not Found", PLAIN, "See /metrics.\n", with_body),
    })
}

/// The path of a target, which may be a whole URL (RFC 9112, section 3.2.2).
fn path(target: &str) -> &str {
    let target = target.split(['?', '#']).next().unwrap_or_default();
    match target.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => {
            rest.find('/').map_or("/", |start| &rest[start..])
        }
        _ => target,
    }
}

fn response(status: &str, kind: &str, body: &str, with_body: bool) -> Vec<u8> {
    let length = body.len();
    let body = if with_body { body } else { "" };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(request: &str) -> String {
        let answer = answer(request.as_bytes(), false, || "numbers\n".to_owned());
        String::from_utf8(answer.expect("an answer")).unwrap()
    }

    #[test]
    fn a_target_may_be_a_path_or_a_whole_url() {
        for (target, wanted) in [
            ("/metrics", "/metrics"),
            ("/metrics?x=http://y/", "/metrics"),
            ("http://here:9260/metrics", "/metrics"),
            ("HTTP://[::1]:9260/metrics?x=y", "/metrics"),
            ("http://here:9260", "/"),
            ("http://here?x", "/"),
            ("ftp://here/metrics", "ftp://here/metrics"),
            ("*", "*"),
        ] {
            assert_eq!(path(target), wanted, "{target}");
        }
    }

    #[test]
    fn head_is_get_without_the_body() {
        let get = told("GET /metrics HTTP/1.1\r\n\r\n");
        let head = told("HEAD /metrics HTTP/1.1\r\n\r\n");
        assert_eq!(get, format!("{head}numbers\n"));
        assert!(head.contains("Content-Length: 8\r\n"), "{head}");
        assert!(told("DELETE / HTTP/1.1\r\n\r\n").contains("\r\nAllow: GET, HEAD\r\n"));
    }

    #[test]
    fn half_a_request_waits_for_its_end_and_no_longer() {
        let page = || unreachable!();
        assert_eq!(answer(b"GET /metr", false, page), None);
        let cut = answer(b"GET /metr", true, page).unwrap();
        assert!(cut.starts_with(b"HTTP/1.1 400"));
        let endless = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(METRICS_REQUEST_BYTES_MAX));
        let longest = &endless.as_bytes()[..METRICS_REQUEST_BYTES_MAX - 4];
        assert_eq!(answer(longest, false, page), None, "its end may come");
        let longest = [longest, b"\r\n\r\n"].concat();
        assert!(answer(&longest, false, page).unwrap().starts_with(b"HTTP/1.1 200"));
        assert!(answer(endless.as_bytes(), false, page).unwrap().starts_with(b"HTTP/1.1 400"));
    }
}
