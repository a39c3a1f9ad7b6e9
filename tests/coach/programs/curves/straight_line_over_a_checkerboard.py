import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Fields(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Linear(2, 1)  # coach: loss-plateau; fix: nn.ReLU()

    def forward(self, place):
        return self.score(place).squeeze(1)


torch.manual_seed(19)
corner = torch.randint(0, 2, (480, 2))
place = 2.0 * corner - 1 + 0.4 * torch.randn(480, 2)
black = (corner.sum(1) % 2).float()
model = Fields()
adam = torch.optim.Adam(model.parameters(), lr=0.02)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(8):
    for x, y in DataLoader(TensorDataset(place, black), batch_size=40, shuffle=True):
        loss = criterion(model(x), y)
        adam.zero_grad()
        loss.backward()
        adam.step()
    print(epoch, loss.item())
