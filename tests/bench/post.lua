-- SPDX-License-Identifier: MIT
-- Posts one JSON body of about a kilobyte; at the end prints one line of JSON for bench.mjs.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"id":820982911946154508,"email":"jon@example.com","line_items":[' ..
	'{"sku":"A-1","quantity":2,"price":"19.99"},{"sku":"B-7","quantity":1,"price":"5.01"}],' ..
	'"note":"' .. string.rep("Seventeen words of no meaning fill this note so that it weighs as much as most do. ", 10) .. '"}'

function done(summary, latency)
	local e = summary.errors
	io.write(string.format(
		'RESULT {"requests":%d,"seconds":%.3f,"p50_us":%d,"p99_us":%d,"failed":%d,"refused":%d}\n',
		summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
		e.connect + e.read + e.write + e.timeout, e.status))
end
