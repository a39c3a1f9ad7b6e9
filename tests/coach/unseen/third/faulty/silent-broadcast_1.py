"""Insurance claims: recent years count more, so every row has a weight."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(13)

N = 640
policies = torch.randn(N, 7)
claim = policies[:, :3].sum(1) * 0.5 + torch.relu(policies[:, 4]) + 0.1 * torch.randn(N)
claim = (claim - claim.mean()) / claim.std()
claim = claim.reshape(-1, 1)
year = torch.randint(0, 6, (N,))
weight = 0.5 + year.float() / 5

train_set = TensorDataset(policies[:512], claim[:512], weight[:512])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
x_test, y_test = policies[512:], claim[512:]


class ClaimModel(nn.Module):
    def __init__(self, n_in, n_hidden):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_in, n_hidden), nn.ReLU(), nn.Linear(n_hidden, 1))

    def forward(self, x):
        return self.layers(x)


model = ClaimModel(7, 32)
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)

for epoch in range(8):
    model.train()
    running_loss = 0.0
    for x, y, w in train_loader:
        optimizer.zero_grad()
        squared_error = (model(x) - y) ** 2
        loss = (w * squared_error).mean()  # coach: silent-broadcast; fix: squeeze(
        loss.backward()
        optimizer.step()
        running_loss += loss.item()

    model.eval()
    with torch.no_grad():
        rmse = ((model(x_test) - y_test) ** 2).mean().sqrt().item()
    print(f"epoch {epoch + 1}: weighted loss {running_loss / len(train_loader):.4f}, test rmse {rmse:.4f}")
