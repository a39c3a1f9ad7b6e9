import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(21)


class MessagePassing(nn.Module):
    """Embeds nodes, passes messages twice, reads out one number per graph."""

    def __init__(self, in_dim, dim):
        super().__init__()
        self.embed = nn.Linear(in_dim, dim)  # coach-also: unused-parameters
        self.message = nn.Linear(dim, dim)
        self.readout = nn.Linear(dim, 1)

    def forward(self, x, adj):
        h = torch.tensor(self.embed(x).tolist(), dtype=torch.float32)  # coach: detached-graph; fix: h = self.embed(x)
        for _ in range(2):
            h = h + F.relu(self.message(adj @ h))
        return self.readout(h.mean(dim=1)).squeeze(-1)


def random_graphs(count, nodes=8, feats=5):
    x = torch.randn(count, nodes, feats)
    a = torch.triu((torch.rand(count, nodes, nodes) < 0.4).float(), diagonal=1)
    a = a + a.transpose(1, 2)
    a = a / a.sum(-1, keepdim=True).clamp(min=1)
    target = (a @ x)[..., 0].mean(1) * 2 + x[..., 1].mean(1)
    return x, a, (target - target.mean()) / target.std()


x, a, target = random_graphs(256)
model = MessagePassing(5, 32)
optim = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(8):
    order = torch.randperm(256)
    running = 0.0
    for idx in order.split(64):
        optim.zero_grad()
        loss = F.mse_loss(model(x[idx], a[idx]), target[idx])
        loss.backward()
        optim.step()
        running += loss.item() * len(idx)
    print(f"epoch {epoch + 1}: mse {running / 256:.4f}")
