/** An observable that is pushed into. */
import { Observable, type Subscriber } from 'rxjs'

/**
 * As a Subject that only its owner pushes into and that never ends: without a Subject's closures and states, which cost more for
 * each value than most operators do. Who subscribes during a push hears of the next value first.
 */
export class Feed<T> extends Observable<T> {
  #subscribers: readonly Subscriber<T>[] = []

  constructor() {
    super(subscriber => {
      this.#subscribers = [...this.#subscribers, subscriber]
      return () => {
        this.#subscribers = this.#subscribers.filter(one => one !== subscriber)
      }
    })
  }

  push(value: T): void {
    const subscribers = this.#subscribers
    for (let i = 0; i < subscribers.length; i++) (subscribers[i] as Subscriber<T>).next(value)
  }
}
