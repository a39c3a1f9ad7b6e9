import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(0)
# a bandit: one state, so one distribution; only the targets differ
bandit = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 4))
opt = torch.optim.SGD(bandit.parameters(), lr=0.05)
for _ in range(30):
    scores = bandit(torch.ones(24, 1))
    arms = torch.distributions.Categorical(logits=scores).sample()
    reward = torch.tensor([0.1, 0.9, 0.3, 0.2])[arms] + 0.05 * torch.randn(24)
    loss = (F.cross_entropy(scores, arms, reduction="none") * (reward - reward.mean())).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()

# the mean of the data, learnt by a single number
mu = nn.Parameter(torch.zeros(1))
sgd = torch.optim.SGD([mu], lr=0.1)
numbers = torch.randn(64, 1) + 2
for _ in range(20):
    sgd.zero_grad()
    F.mse_loss(mu.expand(64, 1), numbers).backward()
    sgd.step()

# a decoder of one code: an image is memorised
code = nn.Parameter(torch.randn(1, 6))
decoder = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 9))
adam = torch.optim.Adam([code, *decoder.parameters()], lr=1e-2)
views = torch.rand(1, 9) + 0.05 * torch.randn(8, 9)
for _ in range(20):
    adam.zero_grad()
    F.mse_loss(decoder(code).expand(8, 9), views).backward()
    adam.step()
