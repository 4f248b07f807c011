import { useNavigate } from '@tanstack/react-router'

/** Opens an empty article, with a title where there is one to begin with. */
export function useNewArticle(): (title?: string) => void {
  const navigate = useNavigate()
  return (title) => void navigate({ to: '/articles/$articleId', params: { articleId: 'new' }, search: title ? { title } : {} })
}
