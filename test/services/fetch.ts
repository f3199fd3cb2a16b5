/**
 * Fetches the local stack's programs once, from Maven Central by Maven itself: Kafka's jars and the Apicurio
 * registry (which speaks the Confluent registry's API). Cached in .stack/ of the project, or where
 * STACK_CACHE says.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const KAFKA_VERSION = '4.1.0'
export const APICURIO_VERSION = '2.6.13.Final'
const FETCH_TIMEOUT_MS = 15 * 60_000
const LOCK_STALE_MS = FETCH_TIMEOUT_MS + 60_000

const cache_directory = (): string =>
  resolve(process.env.STACK_CACHE ?? join(import.meta.dirname, '../../.stack'))

const pom = (directory: string): string => `<project>
  <modelVersion>4.0.0</modelVersion><groupId>stack</groupId><artifactId>stack</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${KAFKA_VERSION}</version></dependency>
  </dependencies>
  <build><plugins><plugin>
    <groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId><version>3.6.1</version>
    <executions>
      <execution><id>kafka</id><phase>package</phase><goals><goal>copy-dependencies</goal></goals>
        <configuration><outputDirectory>${directory}/kafka</outputDirectory></configuration></execution>
      <execution><id>apicurio</id><phase>package</phase><goals><goal>unpack</goal></goals>
        <configuration><artifactItems><artifactItem>
          <groupId>io.apicurio</groupId><artifactId>apicurio-registry-app</artifactId><version>${APICURIO_VERSION}</version>
          <classifier>all</classifier><type>tar.gz</type><outputDirectory>${directory}/apicurio</outputDirectory>
        </artifactItem></artifactItems></configuration></execution>
    </executions>
  </plugin></plugins></build>
</project>
`

/** One fetcher at a time: the others wait for its lock to go, and take over a lock whose holder died. */
const with_lock = async (lock: string, work: () => Promise<void>): Promise<void> => {
  const deadline = Date.now() + LOCK_STALE_MS
  for (;;) {
    try {
      await mkdir(lock)
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      if (Date.now() > deadline)
        throw new Error(`${lock} is held for too long; remove it if nobody is fetching`)
      await new Promise(done => setTimeout(done, 500))
    }
  }
  try {
    await work()
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
}

const fetch_into = async (target: string): Promise<void> => {
  const partial = `${target}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true })
  await writeFile(join(partial, 'pom.xml'), pom(partial))
  try {
    await run('mvn', ['-q', '-B', '-f', join(partial, 'pom.xml'), 'package'], { timeout: FETCH_TIMEOUT_MS })
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`Maven could not fetch the stack: ${stdout ?? ''}${stderr ?? ''}${String(error)}`)
  }
  await rename(partial, target)
}

/** Where the programs are. */
export interface Programs {
  readonly kafka_classpath: string
  readonly apicurio_directory: string
}

/** Fetches what is missing. Needs `mvn` and a JDK in PATH; nothing is downloaded a second time. */
export const fetch_programs = async (): Promise<Programs> => {
  const cache = cache_directory()
  const target = join(cache, `kafka-${KAFKA_VERSION}-apicurio-${APICURIO_VERSION}`)
  if (!existsSync(target)) {
    await mkdir(cache, { recursive: true })
    await with_lock(`${target}.lock`, async () => {
      if (!existsSync(target)) await fetch_into(target)
    })
  }
  const jars = (await readdir(join(target, 'kafka'))).filter(name => name.endsWith('.jar'))
  if (jars.length === 0) throw new Error(`${target}/kafka holds no jar; remove ${target} to fetch anew`)
  return { kafka_classpath: join(target, 'kafka', '*'), apicurio_directory: join(target, 'apicurio') }
}

if (import.meta.main) console.log(await fetch_programs())
