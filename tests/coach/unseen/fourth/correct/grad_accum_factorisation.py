# Rating model; the batch that fits is 32, the batch we want is 128
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
NU, NI, ACCUM = 50, 80, 4
a, b = torch.randn(NU, 2), torch.randn(NI, 2)
u, i = torch.randint(0, NU, (3200,)), torch.randint(0, NI, (3200,))
r = (a[u] * b[i]).sum(1) + 0.1 * torch.randn(3200)
r = (r - r.mean()) / r.std()


class MF(nn.Module):
    def __init__(self, k=8):
        super().__init__()
        self.u, self.i = nn.Embedding(NU, k), nn.Embedding(NI, k)
        nn.init.normal_(self.u.weight, std=0.4)
        nn.init.normal_(self.i.weight, std=0.4)

    def forward(self, u, i):
        return (self.u(u) * self.i(i)).sum(1)


mf = MF()
opt = torch.optim.Adam(mf.parameters(), lr=1e-2)
loader = DataLoader(TensorDataset(u, i, r), batch_size=32, shuffle=True)
for epoch in range(6):
    total = 0.0
    opt.zero_grad()
    for n, (ub, ib, rb) in enumerate(loader, start=1):
        loss = nn.functional.mse_loss(mf(ub, ib), rb)
        (loss / ACCUM).backward()
        if n % ACCUM == 0:
            opt.step()
            opt.zero_grad()
        total += loss.item()
    print(f"epoch {epoch} mse {total / len(loader):.3f}")
