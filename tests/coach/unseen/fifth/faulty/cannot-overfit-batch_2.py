# %%
# sanity check from the recipe: a correct model should drive the loss of one small batch to ~0
# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(7)

# %%
class Dynamics(nn.Module):
    """predicts the change of a 3-joint arm from (state, torque)"""

    def __init__(self, s=6, a=3, h=64):
        super().__init__()
        self.f1 = nn.Linear(s + a, h)
        self.f2 = nn.Linear(h, h)
        self.out = nn.Linear(h, s)

    def forward(self, s, a):
        h = F.relu(self.f1(torch.cat([s, a], 1)))
        h = F.relu(self.f2(h))
        return torch.tanh(self.out(h))  # coach: cannot-overfit-batch; fix: return self.out(h)

# %%
A, B = torch.randn(6, 6) * 0.6, torch.randn(3, 6)
state, torque = torch.randn(16, 6), torch.randn(16, 3)
delta = state @ A + torque @ B

# %%
net = Dynamics()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for step in range(250):
    loss = F.mse_loss(net(state, torque), delta)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 0:
        print(step, loss.item())
# coach-also: saturated-activation
# %%
print("final", loss.item())
# coach-also: loss-plateau
# coach-also: repeated-batch
