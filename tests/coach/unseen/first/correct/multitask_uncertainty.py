import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


class MultiTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(10, 32), nn.ReLU())
        self.heads = nn.ModuleDict({"age": nn.Linear(32, 1), "gender": nn.Linear(32, 1), "job": nn.Linear(32, 4)})
        self.log_vars = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        h = self.shared(x)
        return {name: head(h) for name, head in self.heads.items()}


torch.manual_seed(14)
x = torch.randn(300, 10)
age = x[:, :3].sum(1, keepdim=True) * 0.6 + 0.1 * torch.randn(300, 1)
gender = (x[:, 3:4] + x[:, 4:5] > 0).float()
job = x[:, 6:10].argmax(1)

net = MultiTask()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for step in range(60):
    b = torch.randint(0, 300, (64,))
    out = net(x[b])
    losses = torch.stack([
        F.mse_loss(out["age"], age[b]),
        F.binary_cross_entropy_with_logits(out["gender"], gender[b]),
        F.cross_entropy(out["job"], job[b]),
    ])
    total = (torch.exp(-net.log_vars) * losses + net.log_vars).sum()
    opt.zero_grad()
    total.backward()
    opt.step()
    if step % 15 == 0:
        print(step, [round(v, 3) for v in losses.tolist()], round(total.item(), 3))
