export function Logo({ size = 30, className }: { size?: number; className?: string | undefined }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" role="img" aria-label="Parley" className={className}>
      <path
        fill="var(--accent)"
        d="M9 2h14a7 7 0 0 1 7 7v10a7 7 0 0 1-7 7h-8.2l-6.1 4.4A1.7 1.7 0 0 1 6 29v-3.5A7 7 0 0 1 2 19V9a7 7 0 0 1 7-7Z"
      />
      <path
        fill="none"
        stroke="#fff"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
        d="M11.5 20.5V8.5h5.6a4 4 0 0 1 0 8h-5.6"
      />
    </svg>
  )
}
