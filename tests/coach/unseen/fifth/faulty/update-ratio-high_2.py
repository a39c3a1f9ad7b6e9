import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
N_USERS, N_ITEMS, DIM = 60, 80, 8

u_true = torch.randn(N_USERS, 3)
i_true = torch.randn(N_ITEMS, 3)
users = torch.randint(0, N_USERS, (2048,))
items = torch.randint(0, N_ITEMS, (2048,))
clicked = ((u_true[users] * i_true[items]).sum(1) > 0).float()


class MatrixFactorisation(nn.Module):
    def __init__(self):
        super().__init__()
        self.user = nn.Embedding(N_USERS, DIM)
        self.item = nn.Embedding(N_ITEMS, DIM)
        nn.init.normal_(self.user.weight, std=0.1)
        nn.init.normal_(self.item.weight, std=0.1)

    def forward(self, u, i):
        return (self.user(u) * self.item(i)).sum(dim=1)


net = MatrixFactorisation()
optimizer = torch.optim.Adam(net.parameters(), lr=0.5)  # coach: update-ratio-high; fix: lr=
loader = DataLoader(TensorDataset(users, items, clicked), batch_size=128, shuffle=True)

for epoch in range(6):
    running = 0.0  # coach-also: learning-rate-too-high
    for u, i, c in loader:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(net(u, i), c)
        loss.backward()
        optimizer.step()
        running += loss.item()
    print(f"epoch {epoch}: {running / len(loader):.4f}")
