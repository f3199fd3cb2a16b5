/** A real SMTP server on a free port of this machine that keeps what it is sent, or answers as it is told. */
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface Mail {
  readonly to: readonly string[]
  readonly text: string
}

export class MailSink {
  readonly mails: Mail[] = []
  /** Reply code to the n-th mail, counted from 0; 250 takes it. */
  reply: (n: number) => number = () => 250
  #server: SMTPServer | null = null
  #port = 0
  #seen = 0

  static async open(): Promise<MailSink> {
    const sink = new MailSink()
    await sink.begin()
    return sink
  }
  get url(): string {
    return `smtp://127.0.0.1:${this.#port}`
  }
  async begin(): Promise<void> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      logger: false,
      onData: (stream, session, done) => {
        let text = ''
        stream.on('data', chunk => {
          text += chunk
        })
        stream.on('end', () => {
          const code = this.reply(this.#seen++)
          if (code !== 250) {
            done(Object.assign(new Error(`reply ${code}`), { responseCode: code }))
            return
          }
          this.mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text })
          done()
        })
      },
    })
    server.on('error', () => undefined)
    await new Promise<void>(resolve => server.listen(this.#port, '127.0.0.1', () => resolve()))
    this.#port = (server.server.address() as AddressInfo).port
    this.#server = server
  }
  async end(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server) await new Promise<void>(resolve => server.close(() => resolve()))
  }
}

/** The value of a header, unfolded. */
export const header = ({ text }: Mail, name: string): string | undefined =>
  new RegExp(`^${name}: ((?:.*)(?:\\r?\\n[ \\t].*)*)`, 'im').exec(text)?.[1]?.replaceAll(/\r?\n[ \t]/g, ' ')
