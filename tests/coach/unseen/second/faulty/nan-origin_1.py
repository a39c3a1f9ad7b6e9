import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


class ClickModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 16)
        self.fc2 = nn.Linear(16, 1)

    def forward(self, counts):
        x = torch.log(counts)  # coach: nan-origin
        x = torch.relu(self.fc1(x))
        return self.fc2(x)


counts = torch.poisson(torch.full((200, 6), 3.0))
clicked = (counts[:, :1] > counts[:, 1:2]).float()
loader = DataLoader(TensorDataset(counts, clicked), batch_size=20, shuffle=True)

model = ClickModel()
criterion = nn.BCEWithLogitsLoss()
optimizer = optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(3):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
# coach-also: loss-diverged, input-not-normalised
