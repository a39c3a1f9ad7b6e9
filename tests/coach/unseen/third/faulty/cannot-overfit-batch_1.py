# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)

# %%
prototypes = torch.randn(8, 24)
y = torch.randint(0, 8, (640,))
x = prototypes[y] + 0.8 * torch.randn(640, 24)
x = (x - x.mean(0)) / x.std(0)
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)

# %%
class Classifier(nn.Module):
    def __init__(self, hidden=32, p=0.9):  # coach: cannot-overfit-batch
        super().__init__()
        self.fc1 = nn.Linear(24, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 8)
        self.drop = nn.Dropout(p)  # coach-line: cannot-overfit-batch

    def forward(self, x):
        x = self.drop(torch.relu(self.fc1(x)))
        x = self.drop(torch.relu(self.fc2(x)))
        return self.fc3(x)

model = Classifier()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

# %%
# sanity check before the long run: one batch should go to (almost) zero loss
one_x, one_y = next(iter(loader))
model.train()
for step in range(250):  # coach-also: loss-plateau
    optimizer.zero_grad()
    loss = criterion(model(one_x), one_y)
    loss.backward()
    optimizer.step()
    if step % 25 == 24:
        print(f"step {step + 1}: {loss.item():.3f}")
