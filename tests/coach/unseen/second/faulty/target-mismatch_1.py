import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
rooms = torch.randn(200, 5)
price = rooms @ torch.tensor([2.0, -1.0, 0.5, 0.0, 1.0]) + 0.1 * torch.randn(200)

loader = DataLoader(TensorDataset(rooms, price), batch_size=20, shuffle=True)
model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
criterion = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=0.01)

for epoch in range(5):
    for x, y in loader:
        optimizer.zero_grad()
        output = model(x)
        loss = criterion(output, y)  # coach: target-mismatch
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
# coach-also: silent-broadcast, loss-plateau, constant-predictions
