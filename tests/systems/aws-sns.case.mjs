// SPDX-License-Identifier: MIT
// The certificate is pasted as the secret: a fetched one would have to come from amazonaws.com.
import { createSign, generateKeyPairSync, randomBytes, sign as signBytes } from 'node:crypto';
import { createRequire } from 'node:module';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:orders';

/* A certificate of its own key, written by hand: one DER value after the other. */
function der(tag, ...parts) {
	const content = Buffer.concat(parts);
	const long = content.length < 128 ? [content.length]
		: content.length < 256 ? [0x81, content.length] : [0x82, content.length >> 8, content.length & 255];
	return Buffer.concat([Buffer.from([tag, ...long]), content]);
}
function certificate({ publicKey, privateKey }) {
	const algorithm = der(0x30, Buffer.from('06092a864886f70d01010b0500', 'hex')); // sha256WithRSAEncryption
	const name = der(0x30, der(0x31, der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('sns.example.com')))));
	const time = text => der(0x17, Buffer.from(text));
	const body = der(0x30, der(0xa0, der(0x02, Buffer.from([2]))), der(0x02, Buffer.from([1])), algorithm, name,
		der(0x30, time('250101000000Z'), time('491231235959Z')), name, publicKey.export({ type: 'spki', format: 'der' }));
	const whole = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signBytes('sha256', body, privateKey)));
	return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}
function pair() {
	const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
	return { secret: certificate(keys), signer: keys.privateKey };
}

const SIGNED = {
	Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
	SubscriptionConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
};
function signed(message, signer) {
	const pen = createSign(message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256');
	for (const name of SIGNED[message.Type])
		if (name in message)
			pen.update(`${name}\n${message[name]}\n`);
	return Buffer.from(JSON.stringify({ ...message, Signature: pen.sign(signer, 'base64') }, null, 2));
}
const confirmation = more => ({
	Type: 'SubscriptionConfirmation',
	MessageId: '165545c9-2a5c-472c-8df2-7ff2be2b3b1b',
	Token: randomBytes(32).toString('hex'),
	TopicArn: TOPIC,
	Message: `You have chosen to subscribe to the topic ${TOPIC}.\nTo confirm it, visit the SubscribeURL of this message.`,
	SubscribeURL: `https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=example`,
	Timestamp: new Date().toISOString(),
	SignatureVersion: '2',
	SigningCertURL: 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0000000000000000000000000000aaaa.pem',
	...more,
});
const confirm = (key, more) => ({
	method: 'POST',
	headers: { 'Content-Type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'SubscriptionConfirmation' },
	body: signed(confirmation(more), key.signer),
});

/* sns-validator fetches the certificate: here it gets the one that was pasted. Each delivery names
 * another, because the package keeps them. */
function judge({ body }, { secret }) {
	const require = createRequire(import.meta.url);
	const https = require('https'), Validator = require('sns-validator'), { get } = https;
	https.get = (url, callback) => {
		const answer = { statusCode: 200, on(what, then) { what === 'data' ? then(secret) : what === 'end' && then(); return answer; } };
		callback(answer);
		return { on() {} };
	};
	try {
		const message = JSON.parse(body);
		message.SigningCertURL = message.SigningCertURL.replace(/-[0-9a-f]*\.pem$/, `-${randomBytes(16).toString('hex')}.pem`);
		return new Promise(done => new Validator().validate(message, fault => done(!fault)));
	} finally {
		https.get = get;
	}
}

export default {
	secret: pair,
	settings: { topic_arn: TOPIC },
	timestamped: true,
	sign: ({ secret: { signer }, body, at }) => ({
		headers: {}, body: signed({ ...JSON.parse(body), Timestamp: new Date(at).toISOString() }, signer),
	}),
	bodies: { empty: false, binary: false },
	event: { type: 'Notification', delivery_id: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324' },
	also: [
		{
			name: 'version 1',
			sign: ({ secret: { signer }, body, at }) => ({
				headers: {},
				body: signed({ ...JSON.parse(body), SignatureVersion: '1', Timestamp: new Date(at).toISOString() }, signer),
			}),
			event: { type: 'Notification', delivery_id: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324' },
		},
		{
			name: 'without subject',
			sign({ secret: { signer }, body, at }) {
				const { Subject, ...message } = JSON.parse(body);
				return { headers: {}, body: signed({ ...message, Timestamp: new Date(at).toISOString() }, signer) };
			},
			event: { type: 'Notification', delivery_id: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324' },
		},
	],
	handshakes: [
		{ name: 'subscription', refused: () => ({ ...confirm(pair()), status: 401 }) },
		{ // rightly signed by SNS, for a topic of somebody else
			name: 'subscription',
			refused: ({ secret }) => ({ ...confirm(secret, { TopicArn: 'arn:aws:sns:eu-central-1:210987654321:theirs' }), status: 401 }),
		},
	],
	judge,
};
