/** The title of the page, with what is new for me in front of it, wherever I am. */
let name = document.title
let news = 0

export function setTitle(next: string): void {
  name = next
  show()
}

export function setTitleNews(count: number): void {
  news = count
  show()
}

function show(): void {
  document.title = `${news > 0 ? `(${news > 99 ? '99+' : news}) ` : ''}${name}`
}
