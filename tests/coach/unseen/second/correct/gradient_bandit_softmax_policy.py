"""A ten-armed bandit solved by a softmax policy: parameters of one vector, reward baseline, batches of pulls."""
import gradbook as torch
from gradbook.distributions import Categorical

torch.manual_seed(3)
arms = torch.randn(10)
preferences = torch.zeros(10, requires_grad=True)
optimizer = torch.optim.SGD([preferences], lr=1.0)
baseline, history = 0.0, []

for t in range(100):
    policy = Categorical(logits=preferences)
    pulls = policy.sample((16,))
    rewards = arms[pulls] + 0.5 * torch.randn(16)
    objective = ((rewards - baseline) * policy.log_prob(pulls)).mean()
    optimizer.zero_grad()
    (-objective).backward()
    optimizer.step()
    baseline += 0.1 * (rewards.mean().item() - baseline)
    history.append(rewards.mean().item())

print("reward", round(sum(history[:10]) / 10, 3), "->", round(sum(history[-10:]) / 10, 3))
print("best arm", arms.argmax().item(), "chosen", preferences.detach().argmax().item())
