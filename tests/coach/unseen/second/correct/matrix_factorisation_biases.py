"""Matrix factorisation with user and item biases on centred ratings; the held-out ratings are never trained on."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
U, I, K = 30, 25, 4
truth = 3.5 + torch.randn(U, 1) * 0.5 + torch.randn(I) * 0.4 + 0.6 * torch.randn(U, 2) @ torch.randn(2, I) / 2 ** 0.5
pairs = torch.cartesian_prod(torch.arange(U), torch.arange(I))
pairs = pairs[torch.randperm(len(pairs))]
ratings = truth[pairs[:, 0], pairs[:, 1]] + 0.1 * torch.randn(len(pairs))
train_pairs, test_pairs = pairs[:600], pairs[600:]
mu = ratings[:600].mean()
loader = DataLoader(TensorDataset(train_pairs, ratings[:600] - mu), batch_size=60, shuffle=True)


class MF(nn.Module):
    def __init__(self):
        super().__init__()
        self.user, self.item = nn.Embedding(U, K), nn.Embedding(I, K)
        self.user_bias, self.item_bias = nn.Embedding(U, 1), nn.Embedding(I, 1)
        for table in (self.user, self.item):
            nn.init.normal_(table.weight, std=0.2)
        for table in (self.user_bias, self.item_bias):
            nn.init.zeros_(table.weight)

    def forward(self, u, i):
        dot = (self.user(u) * self.item(i)).sum(1)
        return dot + self.user_bias(u).squeeze(1) + self.item_bias(i).squeeze(1)


model = MF()
opt = torch.optim.Adam(model.parameters(), lr=2e-2, weight_decay=1e-4)
mse = nn.MSELoss()
for epoch in range(12):
    total = 0.0
    for p, r in loader:
        opt.zero_grad()
        loss = mse(model(p[:, 0], p[:, 1]), r)
        loss.backward()
        opt.step()
        total += loss.item() / len(loader)
    if epoch % 3 == 2:
        model.eval()
        with torch.no_grad():
            rmse = mse(model(test_pairs[:, 0], test_pairs[:, 1]) + mu, ratings[600:]).sqrt().item()
        model.train()
        print(f"epoch {epoch:2d} train mse {total:.4f} test rmse {rmse:.4f}")
