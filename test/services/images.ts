/**
 * Container images for tests, built without pulling any: programs and libraries of this machine, Maven's jars (fetch.ts),
 * packages of node_modules, and Tributary itself as deploy/Dockerfile has it. Tags are hashes of what went in, so a
 * second build only looks. As a program: builds all and names them for docker-compose.local.yml.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fetch_programs } from './fetch.ts'

const ROOT = join(import.meta.dirname, '../..')
const FOLDER = join(import.meta.dirname, 'images')
const PREFIX = 'tributary-test'
/** Links to programs, and to the sources of Java, which are not installed. */
const LEFT_OUT = ['.bin', 'src.zip']

const images = ['tools', 'redis', 'java', 'kafka', 'registry', 'node', 'tributary', 'warehouse'] as const
export type ImageName = (typeof images)[number]
const bases: Readonly<Partial<Record<ImageName, ImageName>>> = {
  redis: 'tools',
  java: 'tools',
  kafka: 'java',
  registry: 'java',
  node: 'tools',
  tributary: 'node',
  warehouse: 'tributary',
}

/** Path in the build's context -> a file or folder of this machine, or a text. */
type Context = Map<string, { readonly from: string } | { readonly text: string }>

/** Whether a container could be started here. */
export const docker_answers = (): boolean =>
  spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { stdio: 'ignore' }).status === 0

const place_of = (program: string): string => {
  const found = spawnSync('/bin/sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim()
  if (found === '') throw new Error(`the images need ${program}, which this machine does not have`)
  return realpathSync(found)
}

/** The shared libraries that a program or library is linked against, its loader among them. */
const add_libraries = (context: Context, ...files: readonly string[]): void => {
  for (const file of files) {
    const { stdout } = spawnSync('ldd', [file], { encoding: 'utf8' })
    for (const [, path = ''] of stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/gm))
      context.set(`root${path}`, { from: path })
  }
}

const programs = (folder: string, ...names: readonly string[]): Context => {
  const context: Context = new Map()
  for (const name of names) {
    const from = place_of(name)
    context.set(`root/${folder}/${name}`, { from })
    add_libraries(context, from)
  }
  return context
}

const tools = (): Context => {
  const context = programs('bin', ...'bash sh cat chmod chown curl env grep mkdir sed sleep tr'.split(' '))
  const users = 'root:x:0:0::/:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\n'
  context.set('root/etc/passwd', { text: users })
  context.set('root/etc/group', { text: 'root:x:0:\nnode:x:1000:\n' })
  context.set('root/etc/nsswitch.conf', { text: 'hosts: files dns\n' })
  return context
}

const java = (): Context => {
  const context: Context = new Map()
  const home = dirname(dirname(place_of('java')))
  for (const part of ['bin/java', 'conf', 'lib'])
    context.set(`root/opt/java/${part}`, { from: join(home, part) })
  const libraries = readdirSync(join(home, 'lib')).filter(name => name.endsWith('.so'))
  add_libraries(context, join(home, 'bin/java'), join(home, 'lib/server/libjvm.so'))
  add_libraries(context, ...libraries.map(name => join(home, 'lib', name)))
  // Java's own libraries find each other.
  for (const path of context.keys()) if (path.startsWith(`root${home}`)) context.delete(path)
  return context
}

const kafka = async (): Promise<Context> => {
  const { kafka_classpath } = await fetch_programs()
  return new Map([
    ['root/opt/kafka/libs', { from: dirname(kafka_classpath) }],
    ['root/opt/kafka/entry.sh', { from: join(FOLDER, 'kafka-entry.sh') }],
  ])
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>
}

/** Node, and of the packages installed here those that `npm ci --omit=dev` would install. */
const node = (): Context => {
  const context: Context = new Map()
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    const from = join(ROOT, path)
    const outermost = path.lastIndexOf('node_modules/') === 0
    if (!outermost || dev || devOptional || !statSync(from, { throwIfNoEntry: false })) continue
    if (path === 'node_modules/node') continue
    context.set(`root/app/${path}`, { from })
  }
  const program = realpathSync(join(ROOT, 'node_modules/node/bin/node'))
  context.set('root/usr/local/bin/node', { from: program })
  const native = readdirSync(join(ROOT, 'node_modules'), { recursive: true, encoding: 'utf8' }).filter(name =>
    /^@(chdb|lmdb)\/.*glibc\.node$|^@chdb\/.*\.(node|so)$/.test(name),
  )
  add_libraries(context, program, ...native.map(name => join(ROOT, 'node_modules', name)))
  return context
}

/** What deploy/Dockerfile.dockerignore lets in, and the last stage of deploy/Dockerfile on our base. */
const tributary = (): Context => {
  const context: Context = new Map()
  // As for docker, what is named need not be there (yet).
  for (const line of readFileSync(join(ROOT, 'deploy/Dockerfile.dockerignore'), 'utf8').split('\n'))
    if (line.startsWith('!') && existsSync(join(ROOT, line.slice(1))))
      context.set(line.slice(1), { from: join(ROOT, line.slice(1)) })
  return context
}

const deployed = (): string => {
  const stage =
    readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8')
      .split(/^(?=FROM )/m)
      .at(-1) ?? ''
  const lines = stage.split('\n')
  const [from = ''] = lines
  const copied = lines.filter(line => line.startsWith('COPY --from=dependencies '))
  if (!/^FROM node:\d+-slim$/.test(from) || copied.length !== 1)
    throw new Error(
      'the last stage of deploy/Dockerfile is no longer what test/services/images.ts stands in for',
    )
  return ['ARG BASE', 'FROM $BASE', ...lines.slice(1).filter(line => line !== copied[0])].join('\n')
}

const contexts: Readonly<Record<ImageName, () => Context | Promise<Context>>> = {
  tools,
  redis: () => programs('usr/bin', 'redis-server', 'redis-cli'),
  java,
  kafka,
  registry: async () =>
    new Map([['root/opt/registry', { from: (await fetch_programs()).apicurio_directory }]]),
  node,
  tributary,
  warehouse: () => new Map([['warehouse.ts', { from: join(FOLDER, 'warehouse.ts') }]]),
}

const dockerfile = (name: ImageName): string =>
  name === 'tributary' ? deployed() : readFileSync(join(FOLDER, `${name}.Dockerfile`), 'utf8')

/** Files below by size and time of change: reading a gigabyte to see that nothing is new would take too long. */
const describe_files = (path: string): string => {
  const found = statSync(path)
  if (!found.isDirectory()) return `${found.mode} ${found.size} ${found.mtimeMs}`
  return readdirSync(path)
    .filter(name => !LEFT_OUT.includes(name))
    .toSorted()
    .map(name => `${name} ${describe_files(join(path, name))}`)
    .join('\n')
}

const tag_of = (name: ImageName, base: string, recipe: string, context: Context): string => {
  const hash = createHash('sha256').update(`${base}\n${recipe}\n`)
  for (const [path, source] of context)
    hash.update(`${path} ${'text' in source ? source.text : describe_files(source.from)}\n`)
  return `${PREFIX}/${name}:${hash.digest('hex').slice(0, 16)}`
}

/** Links stand for the files; tar follows them on the way to docker, so nothing is copied beforehand. */
const build_context = (dir: string, recipe: string, context: Context): void => {
  writeFileSync(join(dir, 'Dockerfile'), recipe)
  writeFileSync(join(dir, '.dockerignore'), 'Dockerfile\n.dockerignore\n')
  for (const [path, source] of context) {
    const target = join(dir, path)
    mkdirSync(dirname(target), { recursive: true })
    if ('text' in source) writeFileSync(target, source.text)
    else symlinkSync(source.from, target)
  }
}

const send = (dir: string, tag: string, base: string): Promise<void> => {
  const tar = spawn(
    'tar',
    ['-C', dir, '-ch', '--owner=0', '--group=0', ...LEFT_OUT.map(name => `--exclude=${name}`), '.'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const argv = ['build', '--quiet', '--tag', tag, ...(base && ['--build-arg', `BASE=${base}`]), '-']
  // The classic builder: BuildKit needs a plugin of the client that Debian has not.
  const docker = spawn('docker', argv, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, DOCKER_BUILDKIT: '0' },
  })
  let said = ''
  for (const stream of [docker.stdout, docker.stderr])
    stream.on('data', chunk => {
      said += chunk
    })
  // Where docker gives up it says why better than a broken pipe does.
  docker.stdin.on('error', () => {})
  tar.stdout.pipe(docker.stdin)
  return new Promise((resolve, reject) => {
    docker.once('error', reject)
    docker.once('close', code => (code === 0 ? resolve() : reject(new Error(`${tag} is not built: ${said}`))))
  })
}

const exists = (tag: string): boolean =>
  spawnSync('docker', ['image', 'inspect', tag], { stdio: 'ignore' }).status === 0

const built = new Map<ImageName, Promise<string>>()

const build = async (name: ImageName): Promise<string> => {
  const parent = bases[name]
  const base = parent ? await image(parent) : ''
  const recipe = dockerfile(name)
  const context = await contexts[name]()
  const tag = tag_of(name, base, recipe, context)
  if (exists(tag)) return tag
  const dir = mkdtempSync(join(tmpdir(), `tributary-image-${name}-`))
  const from = Date.now()
  try {
    build_context(dir, recipe, context)
    await send(dir, tag, base)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
  console.log(`image ${basename(tag)}: built in ${((Date.now() - from) / 1000).toFixed(1)} s`)
  return tag
}

/** Its tag; builds it, and what it stands on, where they are not there yet. */
export const image = (name: ImageName): Promise<string> => {
  const known = built.get(name) ?? build(name)
  built.set(name, known)
  return known
}

/** Builds all, under the names that docker-compose.local.yml has. */
export const name_images = async (): Promise<void> => {
  for (const name of images) execFileSync('docker', ['tag', await image(name), `${PREFIX}/${name}:local`])
}

if (import.meta.main) await name_images()
