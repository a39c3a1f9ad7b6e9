import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(107)
NU, NI = 40, 60
taste, topic = torch.randn(NU, 3), torch.randn(NI, 3)
affinity = taste @ topic.t()
users = torch.randint(0, NU, (1200,))
cand = torch.randint(0, NI, (1200, 4))
pos = cand[torch.arange(1200), affinity[users].gather(1, cand).argmax(1)]


class TwoTower(nn.Module):
    def __init__(self, d=12):
        super().__init__()
        self.u = nn.Embedding(NU, d)
        self.i = nn.Embedding(NI, d)
        self.bias = nn.Embedding(NI, 1)
        for e in (self.u, self.i):
            nn.init.normal_(e.weight, std=0.3)
        nn.init.zeros_(self.bias.weight)

    def forward(self, u, i):
        return (self.u(u) * self.i(i)).sum(-1) + self.bias(i).squeeze(-1)


model = TwoTower()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(8):
    running = 0.0
    for idx in torch.randperm(1200).split(100):
        u, p = users[idx], pos[idx]
        n = torch.randint(0, NI, p.shape)
        loss = -F.logsigmoid(model(u, p) - model(u, n)).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        running += loss.item()
    print(epoch, running / 12)
