# Notebook 7: regularisation with dropout
# %% setup
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(70)

# %% data: three kinds of blobs in a 6x6 image
def blobs(n):
    y = torch.randint(0, 3, (n,))
    yy, xx = torch.meshgrid(torch.arange(6.0), torch.arange(6.0), indexing="ij")
    centre = torch.tensor([[1.0, 1.0], [4.0, 1.0], [2.5, 4.0]])[y]
    d2 = (yy - centre[:, 0, None, None]) ** 2 + (xx - centre[:, 1, None, None]) ** 2
    img = torch.exp(-d2 / 2) + 0.8 * torch.randn(n, 6, 6)
    return ((img - img.mean()) / img.std()).flatten(1), y

train_dl = DataLoader(TensorDataset(*blobs(300)), batch_size=30, shuffle=True)
valid_dl = DataLoader(TensorDataset(*blobs(120)), batch_size=60)

# %% model
class DropNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(36, 40)
        self.drop = nn.Dropout(0.4)
        self.head = nn.Linear(40, 3)

    def forward(self, x):
        return self.head(self.drop(F.relu(self.hidden(x))))

net = DropNet()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

# %% training and validation
for epoch in range(5):
    net.train()
    for xb, yb in train_dl:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()

    right = total = 0
    with torch.no_grad():  # coach: eval-mode-missing; fix: net.eval()
        for xb, yb in valid_dl:  # coach-line: eval-mode-missing
            pred = net(xb).argmax(1)  # coach-line: eval-mode-missing
            right += (pred == yb).sum().item()
            total += len(yb)
    print(f"epoch {epoch + 1}: train loss {loss.item():.3f}  validation accuracy {right / total:.3f}")
