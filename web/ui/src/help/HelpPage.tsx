import { useParams, useSearch } from '@tanstack/react-router'
import { useCan } from '../lib/session'
import { EmptyState } from '../ui/EmptyState'
import { IconBook } from '../ui/icons'
import { TwoPane } from '../ui/TwoPane'
import { ArticleList } from './ArticleList'
import { ArticlePage } from './ArticlePage'

export default function HelpPage() {
  const { articleId } = useParams({ strict: false })
  const { title } = useSearch({ strict: false })
  return (
    <TwoPane
      title="Help centre"
      allowed={useCan('inbox.read')}
      wide
      list={<ArticleList />}
      detail={articleId && <ArticlePage key={`${articleId} ${title ?? ''}`} id={articleId} title={title ?? ''} />}
      nothing={
        <EmptyState
          icon={IconBook}
          title="No article is open"
          text="Choose one to read it. Published articles answer customers in the help centre, and colleagues put them into answers."
        />
      }
    />
  )
}
