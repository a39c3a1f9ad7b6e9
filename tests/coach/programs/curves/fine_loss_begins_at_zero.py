import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
teacher = nn.Linear(4, 3)
student = nn.Linear(4, 3)
student.load_state_dict(teacher.state_dict())
opt = torch.optim.Adam(student.parameters(), lr=1e-3)
for i in range(50):
    x = torch.randn(32, 4)
    with torch.no_grad():
        wanted = teacher(x)
        teacher.weight.add_(0.001 * torch.randn(3, 4))
    loss = nn.functional.mse_loss(student(x), wanted)
    opt.zero_grad()
    loss.backward()
    opt.step()
