import { Heading } from '../parts/Heading'
import { PasswordForm } from './PasswordForm'
import { Sessions } from './Sessions'
import { TwoFactor } from './TwoFactor'

export default function SecurityPage() {
  return (
    <>
      <Heading title="Security" text="How you sign in, and where you are signed in." />
      <PasswordForm />
      <TwoFactor />
      <Sessions />
    </>
  )
}
